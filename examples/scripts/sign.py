"""Sign a message with a key: who has the same key can tell that the message is unchanged."""

import hashlib
import hmac

key = "everybody knows this one"  # to sign with
message = "hello"  # what is signed


def main() -> int:
    signature = hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()
    print(f"{message}: {signature[:16]}")
    return len(key)


if __name__ == "__main__":
    main()
