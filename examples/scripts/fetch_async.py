"""Fetch pages with a few tasks at once: an async script. The network is made up."""

import asyncio

pages = 12  # how many there are
workers = 4  # tasks that fetch at the same time
delay = 0.002  # seconds a page takes


async def fetch(page):
    await asyncio.sleep(delay)
    return f"page {page} " * page


async def work(queue, sizes):
    while not queue.empty():
        page = queue.get_nowait()
        sizes[page] = len(await fetch(page))


async def main(prefix="fetched"):
    queue = asyncio.Queue()
    for page in range(1, pages + 1):
        queue.put_nowait(page)
    sizes = {}
    await asyncio.gather(*(work(queue, sizes) for _ in range(workers)))
    print(f"{prefix} {len(sizes)} pages, {sum(sizes.values())} characters")
    return sizes


if __name__ == "__main__":
    asyncio.run(main())
