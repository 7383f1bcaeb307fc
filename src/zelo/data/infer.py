"""A first project.yaml for a table that nobody prepared: what ``zelo init`` writes."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from zelo.data.contract import check_table, close_match
from zelo.data.guess import (
    Field,
    TargetGuess,
    Texts,
    decimal_of,
    field_name,
    guess_field,
    guess_target,
    key_of,
    nulls_of,
)
from zelo.data.reading import UTF_16_MARKS, decoded, delimiter_of, raw_bytes, read_table, read_texts
from zelo.errors import DataError, SourceError
from zelo.spec.loading import parse_project
from zelo.spec.project import Source

Language = Literal["pt-BR", "en"]
FEWEST_ROWS = 20
SMALL_TABLE = 200
_BOOLEAN_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"})
_CANDIDATES = {
    "binary": ("prior", "logistic_regression", "random_forest", "lightgbm"),
    "multiclass": ("prior", "logistic_regression", "random_forest", "lightgbm"),
    "regression": ("prior", "ridge", "random_forest", "lightgbm"),
}
# Many sparse features: a margin between them learns more of few texts than a forest.
_WITH_TEXTS = ("prior", "logistic_regression", "linear_svm", "lightgbm")
_SELECT = {
    "binary": ("f1", ("roc_auc", "pr_auc", "brier", "mcc")),
    "multiclass": ("f1_macro", ("accuracy", "mcc", "log_loss")),
    "regression": ("mae", ("rmse", "r2")),
}


@dataclass(frozen=True)
class _Draft:
    """What was found out about the table, before it is written as YAML."""

    name: str
    language: Language
    source: Source
    key: tuple[str, str] | None
    target: tuple[str, str]
    guess: TargetGuess
    unlabelled: int
    labelled: int
    fields: dict[str, Field]

    def columns(self, kind: str) -> list[str]:
        """The columns of the fields of a type."""
        return [field.get("column", name) for name, field in self.fields.items() if field["type"] == kind]


def infer_project(
    name: str, path: Path, target: str, *, language: Language = "pt-BR"
) -> tuple[str, tuple[str, ...]]:
    """A project.yaml for the table in ``path``, and notes for a person on what was decided.

    The YAML is valid, and the table keeps its contract. It names the file by its bare name: the caller puts
    it into the project's ``data/raw``.

    Raises:
        SourceError: the file cannot be read, or ``target`` is no column of it.
        DataError: the rows are too few, or the target cannot be learned.
        SpecError: ``name`` is no valid name.
    """
    source, columns = _read(path)
    target_column = _target_column(columns, target, path)
    texts = columns.pop(target_column)
    labelled = texts.dropna()
    if len(labelled) < FEWEST_ROWS:
        raise DataError(
            "too few rows to learn from",
            where=str(path),
            found=f"{len(labelled)} rows with {target_column}",
            expected=f"{FEWEST_ROWS} at least",
            hint="bring more rows",
        )
    guess = guess_target(labelled, source.decimal, where=f"{path}, column {target_column}")
    taken = [field_name(target_column, ())]
    key, fields, left_out = _fields(columns, source, taken)
    draft = _Draft(
        name=name,
        language=language,
        source=source,
        key=key,
        target=(taken[0], target_column),
        guess=guess,
        unlabelled=len(texts) - len(labelled),
        labelled=len(labelled),
        fields=fields,
    )
    return _settled(draft, left_out, path)


def _read(path: Path) -> tuple[Source, dict[str, Texts]]:
    """The source as it must be described, and its columns of trimmed text."""
    source = Source(file=path.name)
    if not path.name.lower().endswith((".parquet", ".xlsx")) and path.is_file():
        encoding, text = _encoding(path)
        source = Source(file=path.name, encoding=encoding, delimiter=delimiter_of(text))
    table, _ = read_texts(path, source)
    columns = {column: table[column].to_pandas().astype("str").str.strip() for column in table.column_names}
    columns = {column: texts.mask(texts == "") for column, texts in columns.items()}
    decimal = decimal_of(columns) if source.delimiter else "."
    nulls = nulls_of(columns, decimal)
    columns = {column: texts.mask(texts.isin(nulls)) for column, texts in columns.items()}
    return source.model_copy(update={"decimal": decimal, "nulls": nulls}), columns


def _encoding(path: Path) -> tuple[str, str]:
    encoding = "utf-16" if raw_bytes(path).startswith(UTF_16_MARKS) else "utf-8"
    try:
        return encoding, decoded(path, encoding)
    except SourceError:
        return "latin-1", decoded(path, "latin-1")


def _target_column(columns: dict[str, Texts], target: str, path: Path) -> str:
    for column in columns:
        if column == target.strip():
            return column
    alike = [column for column in columns if field_name(column, ()) == field_name(target, ())]
    if len(alike) == 1:
        return alike[0]
    raise SourceError(
        "the target is not a column of the file",
        where=str(path),
        found=repr(target),
        expected=f"one of {', '.join(columns)}",
        hint=close_match(target, list(columns)) or "name a column with --target",
    )


def _fields(
    columns: dict[str, Texts], source: Source, taken: list[str]
) -> tuple[tuple[str, str] | None, dict[str, Field], dict[str, str]]:
    """The key, the fields by name, and why each other column is left out."""
    key_column = key_of(columns)
    key: tuple[str, str] | None = None
    fields: dict[str, Field] = {}
    left_out: dict[str, str] = {}
    for column, texts in columns.items():
        guess = {} if column == key_column else guess_field(texts, source.decimal)
        if isinstance(guess, str):
            left_out[column] = guess
            continue
        name = field_name(column, taken)
        taken.append(name)
        if column == key_column:
            key = (name, column)
        else:
            fields[name] = guess if name == column else {"type": guess["type"], "column": column} | guess
    return key, fields, left_out


def _settled(draft: _Draft, left_out: dict[str, str], path: Path) -> tuple[str, tuple[str, ...]]:
    """The YAML, once its own contract takes every row of the table it was made from."""
    if not any(field.get("use") != "metadata" for field in draft.fields.values()):
        raise DataError(
            "no column can be an input",
            where=str(path),
            found="; ".join(f"{column}: {reason}" for column, reason in left_out.items()) or "nothing else",
            expected="a column of numbers, of categories or of texts",
            hint="add columns that say something about the target",
        )
    notes = _notes(draft, left_out)
    text = _yaml(draft, notes)
    project = parse_project(text, where=f"project.yaml of {draft.name}")
    checked = check_table(
        read_table(path, draft.source), project, file=path.name, labelled=True, decimal=draft.source.decimal
    )
    if checked.bad_rows:
        # Only a date or a text can be read here and not there; better without it than no training.
        bad = {row.field.split(" ")[0] for row in checked.bad_rows} & set(draft.fields)
        if not bad:
            raise DataError("the table breaks the contract made from it", found=str(checked.bad_rows[0]))
        kept = {name: field for name, field in draft.fields.items() if name not in bad}
        dropped = {
            draft.fields[name].get("column", name): "the contract does not take all of its texts"
            for name in bad
        }
        return _settled(replace(draft, fields=kept), left_out | dropped, path)
    return text, notes


def _notes(draft: _Draft, left_out: dict[str, str]) -> tuple[str, ...]:
    source, guess = draft.source, draft.guess
    notes = []
    if draft.key is None:
        notes.append("no column tells the rows apart: the row's number does")
    if guess.kind == "binary":
        notes.append(f"{draft.target[1]} has two values: the task is binary, about {guess.positive!r}")
    elif guess.kind == "multiclass":
        notes.append(f"{draft.target[1]} has {len(guess.classes)} classes: the task is multiclass")
    else:
        notes.append(f"{draft.target[1]} is a quantity: the task is regression")
    if draft.unlabelled:
        notes.append(f"{draft.unlabelled} row(s) without {draft.target[1]} are left out")
    if guess.rare:
        notes.append(f"too few rows to learn, so left out: {draft.target[1]} = {', '.join(guess.rare)}")
    if source.nulls:
        notes.append(f"read as missing: {', '.join(map(repr, source.nulls))}")
    notes += [f"{column!r} is left out: {reason}" for column, reason in left_out.items()]
    texts, dates = draft.columns("text"), draft.columns("date")
    if texts:
        notes.append(f"{', '.join(texts)}: read as text, word by word; make it metadata if it names people")
    if dates:
        notes.append(
            f"{', '.join(dates)}: kept beside the rows, not as a feature; a split by time can use it"
        )
    return tuple(notes)


def _yaml(draft: _Draft, notes: tuple[str, ...]) -> str:
    guess = draft.guess
    primary, report = _SELECT[guess.kind]
    document = CommentedMap(
        name=draft.name,
        title=draft.name.replace("_", " ").capitalize(),
        language=draft.language,
        task=_task(draft),
        data=_data(draft),
        split=_flow(
            by="random" if guess.kind == "regression" else "class",
            test=0.15 if draft.labelled >= SMALL_TABLE else 0.25,
            seed=42,
        ),
        candidates=_flow_list(
            _WITH_TEXTS if draft.columns("text") and guess.classes else _CANDIDATES[guess.kind]
        ),
        select=_flow(primary=primary, report=_flow_list(report), folds=_folds(guess)),
    )
    if guess.kind == "binary":
        document["decision"] = _flow(threshold=_flow(maximise="f1"))
    if draft.key is not None:
        document["serving"] = _flow(entity=draft.key[0])
    lines = ["Made by zelo init from the data alone: read it once, and mend what it cannot know.", *notes]
    document.yaml_set_start_comment("\n".join(line.replace("\n", " ") for line in lines))
    document.yaml_set_comment_before_after_key(
        "data", before="\nRanges are wider than the data on purpose; units and meanings are yours to add."
    )
    document.yaml_set_comment_before_after_key("split", before="\n")
    writer = YAML()
    writer.width = 4096  # a list in one line is easier to mend than one that breaks inside its texts
    writer.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    writer.dump(document, stream)
    return stream.getvalue().replace("#\n", "\n")


def _folds(guess: TargetGuess) -> int:
    # Four fifths of the rarest class are left to fold, at the worst.
    return 5 if guess.smallest is None else max(2, min(5, guess.smallest * 3 // 4))


def _task(draft: _Draft) -> CommentedMap:
    name, column = draft.target
    guess = draft.guess
    task = _flow(kind=guess.kind, target=name)
    if column != name:
        task["column"] = _quoted(column)
    if guess.classes:
        task["classes"] = _flow_list([_quoted(label) for label in guess.classes])
    if guess.positive is not None:
        task["positive"] = _quoted(guess.positive)
    if draft.unlabelled:
        task["missing"] = "left_out"
    if guess.rare:
        task["leave_out"] = _flow_list([_quoted(label) for label in guess.rare])
    return task


def _data(draft: _Draft) -> CommentedMap:
    source = draft.source
    written = _flow(file=_quoted(source.file))
    if source.encoding != "utf-8":
        written["encoding"] = source.encoding
    if source.delimiter is not None:
        written["delimiter"] = DoubleQuotedScalarString(source.delimiter)
    if source.decimal != ".":
        written["decimal"] = DoubleQuotedScalarString(source.decimal)
    if source.nulls:
        written["nulls"] = _flow_list([DoubleQuotedScalarString(text) for text in source.nulls])
    data = CommentedMap()
    if draft.key is not None:
        data["key"] = draft.key[0]
        if draft.key[1] != draft.key[0]:
            data["key_column"] = _quoted(draft.key[1])
    data["sources"] = CommentedMap(train=written)
    data["fields"] = CommentedMap({name: _field(field) for name, field in draft.fields.items()})
    return data


def _field(field: Field) -> CommentedMap:
    written = CommentedMap({key: _quoted(value) for key, value in field.items() if key != "values"})
    if "values" in field:
        written["values"] = _flow_list([_quoted(value) for value in field["values"]])
    written.fa.set_flow_style()
    return written


def _quoted(value: Any) -> Any:
    # Words that other YAML readers take for booleans are quoted; the writer itself quotes texts like numbers.
    if isinstance(value, str) and value.casefold() in _BOOLEAN_WORDS:
        return DoubleQuotedScalarString(value)
    return value


def _flow(**entries: Any) -> CommentedMap:
    written = CommentedMap(entries)
    written.fa.set_flow_style()
    return written


def _flow_list(entries: Any) -> CommentedSeq:
    written = CommentedSeq(entries)
    written.fa.set_flow_style()
    return written
