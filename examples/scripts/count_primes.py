"""Count primes on several cores: a script that starts processes of its own.

`limit`, `chunk` and `twins` are read inside the worker processes, so an override must hold there too.
"""

import multiprocessing

limit = 20_000  # look at the numbers below this one
chunk = 2_500  # numbers a task looks at
twins = False  # count only primes p for which p + 2 is a prime, too
processes = 2
start_method: str | None = None  # fork, spawn or forkserver; None is the platform's own


def is_prime(n):
    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))


def count(start):
    numbers = range(start, min(start + chunk, limit))
    return sum(is_prime(n) and (not twins or is_prime(n + 2)) for n in numbers)


def main():
    context = multiprocessing.get_context(start_method)
    with context.Pool(processes) as pool:
        counts = pool.map(count, range(0, limit, chunk))
    print(f"{sum(counts)} {'twin primes' if twins else 'primes'} below {limit}")
    return sum(counts)


if __name__ == "__main__":
    main()
