"""Terminal: a report as lines of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

Json = dict[str, Any]

_SIGNS = {"critical": "!", "warning": "*", "info": "-", None: "="}
_FIELDS = {"rank": "rank in its family"}
_SHOWN = ("shown newly", "no longer shown")
_WIDTH = 19
_FEW = 5


def lines(report: Json) -> Iterator[str]:
    """The whole report, the most severe card first."""
    yield headline(report)
    for card in report["cards"]:
        yield ""
        yield from _card(card)
    for conclusion in report["conclusions"]:
        yield ""
        yield from _conclusion(conclusion, report["concludingRules"])
    yield from _listed("Edited, and the same for every patient", report["provedSame"], _edited_only=True)
    yield from _listed("Words, actions or grounds only", report["wordsOnly"])
    yield from _listed("Status, dates, examples or history only", report["recordOnly"])
    yield from _contents(report["contents"])
    yield from _review(report)


def headline(report: Json) -> str:
    """The comparison in one line."""
    counts, names = report["counts"], f"{report['before']['label']}..{report['after']['label']}"
    if not report["differs"] and not counts["editedInLogic"]:
        told = f"compare {names}    {counts['rules']} rules: the same for every patient, in words too"
        moved = sum(rule["reordered"] for rule in report["provedSame"])
        return f"{told}; in {moved} of them tests change places" if moved else told
    parts = [
        f"{counts['editedInLogic']} changed in logic",
        "1 card differs" if counts["cardsDiffer"] == 1 else f"{counts['cardsDiffer']} cards differ",
        f"{counts['wordsOnly']} in words only",
        f"{counts['provedSame']} proved the same",
    ]
    parts += [f"{counts[name]} {name}" for name in ("added", "removed") if counts[name]]
    if counts["contents"]:
        parts.append(f"{counts['contents']} change{'' if counts['contents'] == 1 else 's'} beside rules")
    return f"compare {names}    {counts['rules']} rules: {', '.join(parts)}{invariants(report)}"


def invariants(report: Json) -> str:
    """What became of the invariants, in brackets."""
    asked, broken = report["invariants"]["asked"], report["invariants"]["broken"]
    already = report["invariants"]["brokenBefore"]
    if asked is None:
        return "   (invariants not asked)"
    if broken:
        return f"   ({len({one['id'] for one in broken})} invariants NO LONGER HOLD)"
    if already:
        return f"   (every invariant that held is still proved; {len(already)} did not hold before either)"
    return "   (all invariants still proved)"


def _card(card: Json) -> Iterator[str]:
    before, after = card["indicator"]["before"], card["indicator"]["after"]
    severity = after or before
    text = f"{before} -> {after}" if before and after and before != after else severity
    change = "" if card["change"] == "changed" else f", {card['change']}"
    yield f"{_SIGNS[severity]} {card['id']} ({text}{change})    {changed_at(card)}"
    yield from (f"    {line}" for line in changes(card))
    for difference in card["differences"]:
        yield from (f"    {line}" for line in _difference(difference))
    never = {"shown newly": "never shown newly", "no longer shown": "never hidden newly"}
    if card.get("never"):
        yield f"    {' and '.join(never[one] for one in card['never'])} (proved)"


def changed_at(rule: Json) -> str:
    """The line of a rule file to look at: its first changed test, else the rule itself."""
    return next((str(test["at"]) for test in rule["tests"] if test["at"]), str(rule["at"]))


def changes(card: Json) -> Iterator[str]:
    """What was edited in the logic of a rule, or why it differs although it was not."""
    if card["renamed"]:
        yield f"does what {card['renamed']} {'did' if card['change'] == 'added' else 'does'}, under another name"
    yield from (_test(test) for test in card["tests"])
    for field in card["logic"]:
        name = _FIELDS.get(field["name"], field["name"])
        if name.startswith("hooks["):
            yield f"asked at {field['after']} too" if field["after"] else f"no longer asked at {field['before']}"
        else:
            yield f"{name}: {_value(field['before'])} -> {_value(field['after'])}"
    if card["reordered"]:
        yield "its tests stand in another order"
    if card["restsOn"]:
        tests = [(one["id"], test) for one in card["restsOn"] for test in one["tests"]]
        if len(tests) == 1:
            yield f"rests on {tests[0][0]}: {_test(tests[0][1])}"
        else:
            yield "rests on " + ", ".join(one["id"] for one in card["restsOn"]) + ", drawn otherwise"
    if card["family"] and not card["tests"] and not card["restsOn"] and not _is_edited_itself(card):
        yield "gives way to, or stands in for, " + ", ".join(card["family"]) + " (one family)"


def _test(test: Json) -> str:
    if test["before"] and test["after"]:
        return f"{test['before']} -> {test['after']}"
    return f"{'new test' if test['after'] else 'test removed'}: {test['after'] or test['before']}"


def _is_edited_itself(card: Json) -> bool:
    """Whether more than its place in the family was edited."""
    return card["change"] != "changed" or any(field["name"] != "rank" for field in card["logic"])


def _value(text: str | None) -> str:
    return "none" if text is None else text


def _difference(difference: Json) -> Iterator[str]:
    witness = difference["witness"]
    if difference["direction"] not in _SHOWN:
        yield f"{difference['direction']:<{_WIDTH}} when {difference['short']}"
        return
    more = "" if difference["exact"] else " (and more must be so)"
    yield f"{difference['direction']:<{_WIDTH}} when {difference['short']}{more}"
    instead = [f"in place of {name}" for name in witness["inPlaceOf"]]
    instead += [f"{name} is shown instead" for name in witness["replacedBy"]]
    yield f"{'for example':<{_WIDTH}} {'; '.join(witness['patient'])}"
    at = f"both engines agree, at {difference['services'][0]}"
    more_services = len(difference["services"]) - 1
    yield f"{'':<{_WIDTH}} {', '.join([at + (f' and {more_services} more' if more_services else ''), *instead])}"


def _conclusion(conclusion: Json, rules: Sequence[Json]) -> Iterator[str]:
    yield f"= {conclusion['id']} (conclusion: {conclusion['title']}); {len(conclusion['cards'])} cards rest on it"
    for rule in rules:
        if rule["id"] in conclusion["rules"]:
            yield from (f"    {line}    {changed_at(rule)}" for line in changes(rule))
    words = {"shown newly": "present newly", "no longer shown": "no longer present"}
    for difference in conclusion["differences"]:
        direction = words.get(difference["direction"], difference["direction"])
        yield f"    {direction:<{_WIDTH}} when {difference['short']}"


def _listed(title: str, rules: Sequence[Json], *, _edited_only: bool = False) -> Iterator[str]:
    shown = [rule for rule in rules if not _edited_only or rule["tests"] or rule["logic"] or rule["reordered"]]
    if not shown:
        return
    yield ""
    yield f"{title} ({len(shown)}):"
    for rule in shown:
        yield f"    {rule['id']}: {what_changed(rule)}"


def what_changed(rule: Json) -> str:
    """The edits of a rule that no patient notices, in a few words."""
    if rule["reordered"]:
        return "tests change places"
    logic = [f"{test['before'] or 'nothing'} -> {test['after'] or 'nothing'}" for test in rule["tests"]]
    logic += [field["name"] for field in rule["logic"]]
    words = [field["name"].removeprefix("card.") for name in ("card", "grounds", "record") for field in rule[name]]
    return ", ".join([*logic, *_by_item(words)])


def _by_item(names: Sequence[str]) -> Iterator[str]:
    """The names of fields; of an item of a list of which several fields changed the item alone."""
    items = [name.partition("].")[0] + "]" if "]." in name else name for name in names]
    several = {item for item, number in Counter(items).items() if number > 1}
    yield from dict.fromkeys(item if item in several else name for item, name in zip(items, names, strict=True))


def _contents(contents: Sequence[Json]) -> Iterator[str]:
    if contents:
        yield ""
        yield "Beside rules:"
    for one in contents:
        dependents = f"    {rules_that_depend(one['rules'])}" if one["rules"] else ""
        yield f"    {one['kind']} {one['id']}{dependents}"
        yield from (f"        - {code}" for code in one["codesRemoved"])
        yield from (f"        + {code}" for code in one["codesAdded"])
        for field in one["fields"]:
            name = f"{field['name']}: " if field["name"] else ""
            yield f"        {name}{_value(field['before'])} -> {_value(field['after'])}"
        if one.get("chart"):
            chart = one["chart"]
            yield f"        a chart made for it: {chart['fact']} was {chart['before']}, is {chart['after']}"
            yield from (f"            {line}" for line in shown_for(chart))


def rules_that_depend(rules: Sequence[str]) -> str:
    """Which rules depend on a thing that changed: by name where they are few."""
    number = "1 rule rests on it" if len(rules) == 1 else f"{len(rules)} rules rest on it"
    return f"{number}: {', '.join(rules)}" if len(rules) <= _FEW else number


def shown_for(chart: Json) -> Iterator[str]:
    """Which cards a chart made for a changed fact or value set gains and loses."""
    for name, words in (("shownBefore", "no longer shown"), ("shownAfter", "shown newly")):
        if chart.get(name):
            yield f"{words} for it: {', '.join(chart[name])}"


def _review(report: Json) -> Iterator[str]:
    if report["toReviewAgain"] or report["approvalsFallen"] or report["approvalsGiven"]:
        yield ""
    if report["approvalsGiven"]:
        yield f"Approvals given: {', '.join(report['approvalsGiven'])}"
    if report["approvalsFallen"]:
        yield f"Approvals that fall: {', '.join(report['approvalsFallen'])}"
    if report["toReviewAgain"]:
        number, label = len(report["toReviewAgain"]), report["before"]["label"]
        has = "1 rule has" if number == 1 else f"{number} rules have"
        yield f"{has} other content than a reviewer of {label} saw"
    for one in report["invariants"]["broken"]:
        yield f"NO LONGER PROVED  {one['id']}: {one['says']}"
        yield f"    {one['text']}"
        yield from (f"        {line}" for line in one["patient"])
