"""Say hello."""

name = "world"  # whom to greet
times = 1  # how often


def main():
    for _ in range(times):
        print(f"hello, {name}")


if __name__ == "__main__":
    main()
