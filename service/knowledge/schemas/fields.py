"""The few kinds of field that rule files are made of, and the shape they all share.

What is wrong is said in a :class:`Message`: a sentence for the author and, where there is one, a hint
at what would be right. No field converts silently: a number is a number, a word is a word.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar, Self, TypeVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validates_schema

from service.knowledge.documents import Table


class Message(str):
    """What is wrong, in a sentence, with a hint at what would be right."""

    __slots__ = ("hint",)

    hint: str | None

    def __new__(cls, text: str, hint: str | None = None) -> Self:
        message = super().__new__(cls, text)
        message.hint = hint
        return message


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint naming the known word nearest to ``word``, or None when none is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else None


def refuse(text: str, hint: str | None = None) -> ValidationError:
    """The error to raise for one issue."""
    return ValidationError([Message(text, hint)])


class Shape(Schema):
    """A mapping whose keys are all known; builds ``model(**data)`` with the line where it stands.

    ``model`` None leaves the mapping as it is. ``located`` says whether the model keeps ``at``.
    """

    model: ClassVar[Any] = None
    located: ClassVar[bool] = True

    class Meta:
        # Unknown keys are refused below, with "did you mean", instead of by marshmallow.
        unknown = EXCLUDE

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def refuse_unknown_keys(self, _data: Any, original: Any, **_: Any) -> None:
        """Refuse keys that the shape does not have, with the nearest one that it has."""
        known = {field.data_key or name for name, field in self.fields.items()}
        strangers = [key for key in original if key not in known]
        if strangers:
            raise ValidationError(
                {key: [Message("this key is not known here", did_you_mean(key, known))] for key in strangers}
            )

    @post_load(pass_original=True)
    def build(self, data: dict[str, Any], original: Any, **_: Any) -> Any:
        """The model object of these data."""
        if self.model is None:
            return data
        located = {"at": original.at} if self.located and isinstance(original, Table) else {}
        return self.model(**data, **located)


T = TypeVar("T")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Strict(fields.Field[T]):
    """A field whose value is read by :meth:`read` and by nothing else."""

    def read(self, value: Any) -> T:
        """The value meant; a ValidationError says why it cannot be read."""
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> T:  # noqa: ARG002
        return self.read(value)


class Text(Strict[str]):
    """Words, not blank unless ``blank`` allows it; outer white space does not count."""

    def __init__(self, *, blank: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.blank = blank

    def read(self, value: Any) -> str:
        if not isinstance(value, str):
            raise refuse("must be words", f'write it in quotes: "{value}"' if _is_word(value) else None)
        if not value.strip() and not self.blank:
            raise refuse("must not be blank")
        return value.strip()


class Name(Text):
    """An id: small letters, digits and hyphens (``capitals`` for sources, whose ids are citation keys)."""

    def __init__(self, *, capitals: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.capitals = capitals

    def read(self, value: Any) -> str:
        name = super().read(value)
        if not _NAME.fullmatch(name.lower() if self.capitals else name):
            raise refuse(f"{name} is not a name", "letters, digits and single hyphens")
        return name


class Choice(Strict[Any]):
    """One word of a closed list; ``choices`` maps the word to what it stands for."""

    def __init__(self, choices: Mapping[str, Any] | Iterable[str], **options: Any) -> None:
        super().__init__(**options)
        self.choices = dict(choices) if isinstance(choices, Mapping) else {word: word for word in choices}

    def read(self, value: Any) -> Any:
        if not isinstance(value, str) or value not in self.choices:
            hint = did_you_mean(value, self.choices) if isinstance(value, str) else None
            raise refuse("must be one of " + ", ".join(self.choices), hint)
        return self.choices[value]


class Flag(Strict[bool]):
    """true or false and nothing else."""

    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise refuse("must be true or false")
        return value


class Number(Strict[Decimal]):
    """A number without quotes, as an exact decimal."""

    def read(self, value: Any) -> Decimal:
        return decimal(value)


class Integer(Strict[int]):
    """A whole number, not below ``least``."""

    def __init__(self, *, least: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.least = least

    def read(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < self.least:
            raise refuse(f"must be a whole number, {self.least} or more")
        return value


class Several(fields.List[Any]):
    """A list as a tuple. Missing means empty; a single thing where a list belongs is refused."""

    def __init__(self, inner: fields.Field[Any], *, least: int = 0, **options: Any) -> None:
        if not options.get("required"):
            options.setdefault("load_default", ())
        super().__init__(inner, **options)
        self.least = least

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if not isinstance(value, list):
            raise refuse("must be a list")
        if len(value) < self.least:
            raise refuse("must not be empty")
        return tuple(super()._deserialize(value, attr, data, **options))


def words(**options: Any) -> Several:
    """A list of words."""
    return Several(Text(), **options)


def nested(shape: type[Schema], **options: Any) -> fields.Nested:
    """A mapping of another shape inside this one."""
    return fields.Nested(shape, **options)


def decimal(value: Any) -> Decimal:
    """A YAML number as an exact decimal.

    Raises:
        ValidationError: it is not a number.
    """
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise refuse("must be a number", "write it without quotes" if isinstance(value, str) else None)
    return Decimal(value)


def _is_word(value: Any) -> bool:
    return isinstance(value, (int, Decimal, bool))
