"""Rule files: everything loads or says why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from keii.hunt.sigma.expression import All, Any, Clock, Empty, Glob, Not, Text
from keii.hunt.sigma.loading import RuleFile, load, rule_files
from keii.hunt.sigma.rules import RuleSet
from tests.hunt.sigma.rules_on_shelf import current_rules

HEAD = "title: A\nid: 11111111-1111-4111-8111-111111111111\nlogsource: {product: windows, category: process_creation}\n"


def loaded(text: str, **placeholders: list[str]) -> RuleSet:
    return load([RuleFile("rule.yml", text.encode())], placeholders)


def rule(selection: str, condition: str = "selection") -> str:
    return f"{HEAD}detection:\n  selection: {selection}\n  condition: {condition}\n"


def test_current_rules_all_load(shelf: Path) -> None:
    rules = current_rules(shelf)
    assert len(rules.rules) + len(rules.not_loaded) == 3780
    assert [one for one in rules.not_loaded if one.lacks is None] == []
    assert len(rules.not_loaded) == 25  # rules-placeholder, and two that need %known_cdcs%


def test_values_become_tests() -> None:
    (found,) = loaded(rule("{CommandLine|contains: [' -A', b], Image: 'C:\\\\*\\x?.exe', User: null}")).rules
    assert found.expression == All(
        (
            Text("CommandLine", "has", (" -a", "b")),
            Glob("Image", ("c:\\", 0, "\\x", 1, ".exe")),
            Empty("User"),
        )
    )


def test_not_and_of() -> None:
    text = f"{HEAD}detection:\n  sel_a: {{A: x}}\n  sel_b: {{B: y}}\n  filter: {{C: z}}\n  condition: 1 of sel_* and not filter\n"
    (found,) = loaded(text).rules
    assert found.expression == All(
        (Any((Text("A", "is", ("x",)), Text("B", "is", ("y",)))), Not(Text("C", "is", ("z",))))
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (rule("{A|unknownmodifier: x}"), "Unknown modifier"),
        (rule("{A: x}", "selection and"), "Expected"),
        (rule("{A: x}", "other"), "'other' not defined"),
        (rule("{A: x}", "1 of other_*"), "doesn't match any detection"),
        (rule("{A: x}", "selection | count() > 5"), "pipe syntax"),
        (rule("{A|re: '(a'}"), "missing )"),
        (rule("{A|re: '(?=a)b'}"), "invalid perl operator"),
        (rule("{A|re: '(a)\\1'}"), "escape"),
        (rule("{A|cidr: 10.0.0.0/99}"), "CIDR"),
        ("title: [\n", "not YAML"),
        ("- 1\n", "not a YAML map"),
        ("title: only a title\n", "detection"),
        (HEAD, "detection"),
        (f"{HEAD}detection: 5\n", "map"),
        (f"{HEAD}detection: {{condition: selection}}\n", "detection"),
        ("[" * 100 + "]" * 100, "deeper"),
    ],
)
def test_broken_rule_says_why(text: str, why: str) -> None:
    found = loaded(text)
    assert found.rules == ()
    (told,) = found.not_loaded
    assert why in told.reason
    assert told.place == "rule.yml"


def test_alias_bomb_is_refused_and_the_rest_goes_on() -> None:
    bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{name}: &{name} [{','.join(['*' + before] * 10)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    found = load([RuleFile("bomb.yml", bomb.encode()), RuleFile("good.yml", rule("{A: x}").encode())])
    assert len(found.rules) == 1
    assert "aliases" in found.not_loaded[0].reason


def test_wrong_particulars_are_noted_and_the_rule_runs() -> None:
    (found,) = loaded(rule("{A: x}") + "tags: [nonamespace]\nreferences: text\nlevel: severe\n").rules
    assert len(found.about.notes) == 3


def test_placeholders_come_from_the_case() -> None:
    text = rule("{User|expand: '%admins%'}")
    assert loaded(text).not_loaded[0].lacks == "admins"
    (found,) = loaded(text, admins=["Alice", "svc_*"]).rules
    assert found.expression == Any((Text("User", "is", ("alice",)), Text("User", "starts", ("svc_",))))


def test_filter_is_joined_to_the_rule() -> None:
    told = (
        "---\ntitle: F\nlogsource: {product: windows, category: process_creation}\n"
        "filter:\n  rules: [11111111-1111-4111-8111-111111111111]\n  out: {User|startswith: adm_}\n  condition: not out\n"
    )
    (found,) = loaded(rule("{A: x}") + told).rules
    assert found.expression == All((Text("A", "is", ("x",)), Not(Text("User", "starts", ("adm_",)))))


def test_order_of_files_does_not_matter() -> None:
    files = [RuleFile(f"{n}.yml", rule(f"{{A: x{n}}}").replace("1111-4", f"111{n}-4").encode()) for n in range(5)]
    assert load(files) == load(reversed(files))


def test_files_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "b.yaml").write_text(rule("{A: x}"))
    (tmp_path / "a.yml").write_text(rule("{A: y}"))
    (tmp_path / "README.md").write_text("no rule")
    assert [file.name for file in rule_files([tmp_path])] == ["a.yml", "below/b.yaml"]


@pytest.mark.parametrize(
    ("selection", "value", "field"),
    [
        ("{A|utf16le|base64: foobar}", "zgbvag8aygbhahia", "is"),
        ("{A|wide|base64: foobar}", "zgbvag8aygbhahia", "is"),
        ("{A|contains: 1833}", "1833", "has"),
        ("{A|startswith: [4.5, x]}", "4.5", "starts"),
    ],
)
def test_what_the_specification_allows_beyond_the_parser(selection: str, value: str, field: str) -> None:
    (found,) = loaded(rule(selection)).rules
    assert isinstance(found.expression, Text)
    assert (found.expression.mode, found.expression.values[0]) == (field, value)


def test_parts_of_a_time_compare() -> None:
    (found,) = loaded(rule("{UtcTime|hour|gte: 22}")).rules
    assert found.expression == Clock("UtcTime", "hour", 22, "gte")


def test_withdrawn_rules_are_told_and_not_asked() -> None:
    found = loaded(rule("{A: x}") + "status: deprecated\n")
    assert (found.rules, found.not_loaded[0].withdrawn) == ((), "deprecated")
