"""A static config that also replaces the arguments of the script's entry call, `main()`."""

from kohakuengine import Config

CONFIG = Config(globals_dict={"pages": 6}, kwargs={"prefix": "got"})
