"""The main module of a process that multiprocessing started for a script with overrides.

multiprocessing executes it under the name `__mp_main__`; it gives its place to the script.
"""

if __name__ == "__mp_main__":
    from kohakuengine.engine.children import become_main

    become_main(globals())
