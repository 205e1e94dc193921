"""Whether values are what an annotation asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.config.annotations import read_annotation
from kohakuengine.config.fit import Misfit
from kohakuengine.config.judge import check_value

# For an annotation: what fits, and what doesn't.
JUDGED = {
    "int": ([1, True], [1.0, "1", None]),
    "float": ([1, 0.5, True], ["1", None, 1j]),
    "bool": ([True], [1, "yes"]),
    "str": (["a"], [1, b"a"]),
    "Optional[int]": ([1, None], ["a"]),
    "list[int]": ([[1], (1,), []], [["a"], "ab", {1}, range(2)]),
    "Sequence[int]": ([[1], range(3), "ab"], [1, ["a"]]),
    "Iterable[str]": ([{"a": 1}, "ab"], [1]),
    "tuple[int, str]": ([(1, "a"), [1, "a"]], [(1,), ("a", 1)]),
    "tuple[int, ...]": ([(), (1, 2)], [("a",)]),
    "set[int]": ([{1}, [1]], [{"a"}, 1, [[]]]),
    "dict[str, int]": ([{"a": 1}], [{"a": "b"}, {1: 1}, [1]]),
    "Mapping": ([{}], [[], 1]),
    "Path": ([], ["a", 1]),
    "Literal['a', 1]": (["a", 1], ["b", True, 1.0]),
    "Literal['a'] | None": (["a", None], ["b"]),
    "Tensor": ([1, "a", None], []),
    "float | Tensor": ([1, "a"], []),
}


@pytest.mark.parametrize("annotation", JUDGED)
def test_what_fits_is_taken_and_what_does_not_is_refused(annotation: str) -> None:
    """A value is judged as type checkers do, but that tuples may be lists, which JSON has alone."""
    expected = read_annotation(annotation)
    fits, misfits = JUDGED[annotation]
    for value in fits:
        check_value(value, expected)
    for value in misfits:
        with pytest.raises(Misfit):
            check_value(value, expected)


def test_objects_of_other_classes_are_not_judged() -> None:
    """What may stand in for a number, as an array's item does, isn't known, so it is taken."""

    class Number:
        pass

    for annotation in ("int", "list[int]", "Path", "Literal[1]", "dict"):
        check_value(Number(), read_annotation(annotation))


def test_a_large_container_takes_no_time() -> None:
    """Of the items of a container only the first are looked at."""
    check_value([0] * 10_000 + ["a"], read_annotation("list[int]"))


PLAIN = {"int": st.integers(), "float": st.floats(), "str": st.text(), "bool": st.booleans()}


@given(
    st.sampled_from(list(PLAIN)).flatmap(
        lambda name: st.tuples(st.just(name), st.lists(PLAIN[name], max_size=5))
    )
)
def test_values_of_a_type_fit_it_in_every_container(pair: tuple[str, list]) -> None:
    """Whatever holds values of a type fits the container of that type."""
    name, values = pair
    check_value(values, read_annotation(f"list[{name}]"))
    check_value(tuple(values), read_annotation(f"tuple[{name}, ...]"))
    check_value(set(values), read_annotation(f"Optional[set[{name}]]"))
    check_value({str(n): v for n, v in enumerate(values)}, read_annotation(f"dict[str, {name}]"))
