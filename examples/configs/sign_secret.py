"""A key that is in the environment alone: it is never recorded or shown, and the script has it.

SIGNING_KEY=... kogine run scripts/sign.py --config configs/sign_secret.py
"""

from kohakuengine import env

key = env("SIGNING_KEY", secret=True)
message = "signed in secret"
