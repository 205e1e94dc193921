"""What is random in the modules that a warm server has loaded: each run needs its own.

A generator that was seeded by chance is seeded anew in each run. One that an import has given a
seed of its choice is left as it is, as that import would have left it in each run.
"""

from __future__ import annotations

import os
import sys
from gc import get_objects, get_referents

from .warm_watch import Unfit, calling_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from .warm_watch import Hook

# What has numpy draw a seed without keeping it: for the examples in docstrings.
_DRAWS = {"scipy.stats._distribution_infrastructure"}

# Who makes what is random, by module; each is in a module that has been loaded, or there is none.
_MAKERS = {
    "random": ["Random"],
    "tempfile": ["_RandomNameSequence"],
    "numpy.random.bit_generator": ["SeedSequence", "BitGenerator"],
}

_SMALL = 1 << 32  # people choose smaller seeds; what clocks and the system give isn't
_NEAR = 3600  # seconds: what is that near to the time is the time

# Of each torch.Generator, until it is given another (c10/core/GeneratorImpl.h).
_TORCH_SEED = 67280421310721


class Entropy:
    """Follows what is drawn from the system while imports are made, and renews it in each run."""

    def __init__(self) -> None:
        self._states: dict[str, object] = {}  # of what modules have one for all, when just loaded
        self._seeds: dict[int, str] = {}  # that numpy has drawn, and who had it do so
        self._draw: Any = None  # numpy's own function for that

    def hooks(self) -> dict[str, Hook]:
        """What is to be told when modules have been loaded."""
        return {
            "random": self._keep_state_of_random,
            "rich.style": self._follow_rich,
            "numpy.random.bit_generator": self._keep_seeds_of_numpy,
            "torch": self._keep_state_of_torch,
        }

    def renewals(self) -> list[Callable[[], None]]:
        """What is to be called in each run; called when nothing but that is left to be done.

        Raises:
            Unfit: There is a generator of which it can't be told, or that can't be renewed.
        """
        objects = get_objects()
        makers = _instances(objects, self._kinds())
        self._check_random(makers)
        return [*self._of_numpy(makers), *self._of_torch(objects)]

    def _kinds(self) -> tuple[type, ...]:
        """The classes of what is looked for among all objects, but for torch's."""
        return tuple(
            vars(sys.modules[module])[name]
            for module, names in _MAKERS.items()
            if module in sys.modules
            for name in names
        )

    # ---- random ----

    def _keep_state_of_random(self, random: Any) -> None:
        self._states["random"] = random._inst.getstate()

    def _follow_rich(self, style: ModuleType) -> None:
        """Rich numbers its styles, and by chance chooses the first number: nobody sees it."""
        random: Any = sys.modules["random"]
        follower = random.Random()
        follower.setstate(self._states["random"])
        follower.getrandbits(24)
        if follower.getstate() == random._inst.getstate():
            self._states["random"] = follower.getstate()

    def _check_random(self, makers: list[Any]) -> None:
        random: Any = sys.modules.get("random")
        if random is None:
            return
        inst = random._inst  # it gets a new seed in each fork, by itself
        if inst.getstate() != self._states["random"]:
            raise Unfit("an import seeds random, or uses it")
        known = {id(inst)}
        if "tempfile" in sys.modules:  # so do those of its names
            kind = vars(sys.modules["tempfile"])["_RandomNameSequence"]
            known |= {id(getattr(names, "_rng", None)) for names in makers if type(names) is kind}
        for one in makers:
            kind = type(one)
            if issubclass(kind, random.Random) and not issubclass(kind, random.SystemRandom):
                if id(one) not in known:
                    raise Unfit(f"an import makes a {kind.__module__}.{kind.__qualname__}")

    # ---- numpy ----

    def _keep_seeds_of_numpy(self, module: ModuleType) -> None:
        names = vars(module)
        draw = names.get("randbits")
        if draw is None:
            return  # it is seen to call os.urandom

        def randbits(count: int) -> int:
            seed = int(draw(count))
            self._seeds[seed] = calling_module()
            return seed

        self._draw, names["randbits"] = draw, randbits

    def _of_numpy(self, makers: list[Any]) -> list[Callable[[], None]]:
        module: Any = sys.modules.get("numpy.random.bit_generator")
        if module is None:
            return []
        if self._draw is not None:
            module.randbits = self._draw
        sequences = [one for one in makers if issubclass(type(one), module.SeedSequence)]
        ours = [one for one in sequences if self._is_by_chance(one.entropy)]
        kept = {one.entropy for one in ours}
        for seed, caller in self._seeds.items():
            if seed not in kept and caller not in _DRAWS:
                raise Unfit(f"{caller} uses a seed that numpy draws, and it isn't kept")
        known = set(map(id, ours))
        generators = []
        for bits in makers:
            if issubclass(type(bits), module.BitGenerator) and id(_sequence(bits)) in known:
                if not _are_equal(type(bits)(_sequence(bits)).state, bits.state):
                    raise Unfit("an import uses a random generator of numpy's")
                generators.append(bits)

        def renew() -> None:
            seeds: dict[int, int] = {}
            for one in ours:
                seed = seeds.setdefault(one.entropy, int.from_bytes(os.urandom(16), "little"))
                _reseed(one, seed)
            for bits in generators:
                bits.state = type(bits)(_sequence(bits)).state

        try:
            renew()
        except (AttributeError, TypeError, ValueError) as error:
            raise Unfit(f"numpy's generators can't be given new seeds: {error}") from error
        return [renew] if ours else []

    def _is_by_chance(self, entropy: Any) -> bool:
        """Whether numpy has drawn a seed from the system.

        Raises:
            Unfit: It hasn't, but it doesn't look as if somebody had chosen it.
        """
        import time

        values = entropy if hasattr(entropy, "__len__") else (entropy,)
        if len(values) == 1 and values[0] in self._seeds:
            return True
        now = time.time()
        for value in values:
            if value >= _SMALL or abs(value - now) < _NEAR:
                raise Unfit("an import makes a random generator with a seed which may be by chance")
        return False

    # ---- torch ----

    def _keep_state_of_torch(self, torch: Any) -> None:
        self._states["torch"] = torch.default_generator.get_state().tolist()

    def _of_torch(self, objects: list[Any]) -> list[Callable[[], None]]:
        torch: Any = sys.modules.get("torch")
        if torch is None:
            return []
        ours = torch.default_generator
        if ours.get_state().tolist() != self._states["torch"]:
            raise Unfit("an import seeds torch's generator, or uses it")
        # The collector doesn't know of them: they are looked for in what refers to them.
        for one in get_referents(*objects):
            if type(one) is torch.Generator and one is not ours:
                if one.initial_seed() != _TORCH_SEED:
                    raise Unfit("an import makes a torch.Generator with a seed of its own")
        return [ours.seed]


def _instances(objects: list[Any], kinds: tuple[type, ...]) -> list[Any]:
    """Those of very many objects that are instances of some classes, in their order."""
    types = list(map(type, objects))
    # There are far fewer of these. By their ids: a metaclass may say which of them are equal.
    each = dict(zip(map(id, types), types))
    wanted = {number for number, kind in each.items() if issubclass(kind, kinds)}
    return [one for one, number in zip(objects, map(id, types)) if number in wanted]


def _sequence(bits: Any) -> Any:
    """The seed sequence of a bit generator; older versions of numpy hide it."""
    return getattr(bits, "seed_seq", None) or getattr(bits, "_seed_seq", None)


def _reseed(sequence: Any, seed: int) -> None:
    """Give a seed sequence another seed: generators, and other sequences, refer to it."""
    other = type(sequence)(
        seed,
        spawn_key=sequence.spawn_key,
        pool_size=sequence.pool_size,
        n_children_spawned=sequence.n_children_spawned,
    )
    _, arguments, *state = other.__reduce__()
    sequence.__setstate__(*state or arguments[2:])
    if sequence.entropy != seed:
        raise ValueError("their seeds stay what they are")


def _are_equal(one: Any, other: Any) -> bool:
    """Whether two states of bit generators are equal."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_are_equal(one[k], other[k]) for k in one)
    equal = one == other
    return bool(equal.all() if hasattr(equal, "all") else equal)
