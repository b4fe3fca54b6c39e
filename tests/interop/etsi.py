"""Reads a validation report of ETSI TS 119 102-2 by the types that pyHanko generated from the
standard's schema: which elements there are, in which order, how many, and of what kind.

`etsi.py FILE...` says what is wrong with each.
"""

import base64
import dataclasses
import sys
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import get_args, get_type_hints

from lxml import etree
from pyhanko.generated.etsi import ts_11910202 as etsi
from xsdata.models.datatype import XmlDateTime

NAMESPACE = "http://uri.etsi.org/19102/v1.2.1#"
# The schema has a choice here, so that the order is the writer's.
FREE_ORDER = {etsi.SignatureAttributesType, etsi.ValidationObjectRepresentationType}


def kind_of(hint):
    """The type within `X | None` or `tuple[X, ...]`, and whether there may be many."""
    arguments = [it for it in get_args(hint) if it not in (type(None), Ellipsis)]
    if not arguments:
        return hint, False
    if getattr(hint, "__origin__", None) is tuple:
        return arguments[0], True
    return kind_of(arguments[0]) if len(arguments) == 1 else (arguments[0], False)


def children_of(kind):
    hints, all_fields = get_type_hints(kind), {}
    for place, field in enumerate(dataclasses.fields(kind)):
        meta = field.metadata
        if meta.get("type") == "Element":
            name = f"{{{meta.get('namespace', NAMESPACE)}}}{meta.get('name', field.name)}"
            all_fields[name] = (place, meta, *kind_of(hints[field.name]))
    return all_fields


def check(element, kind, path, faults):
    path = f"{path}/{etree.QName(element).localname}"
    if not dataclasses.is_dataclass(kind):
        return check_text(element, kind, path, faults)
    known, seen, last = children_of(kind), {}, -1
    for child in element:
        if child.tag not in known:
            faults.append(f"{path}: {child.tag} may not stand here")
            continue
        place, _, child_kind, _ = known[child.tag]
        seen[child.tag] = seen.get(child.tag, 0) + 1
        if place < last and kind not in FREE_ORDER:
            faults.append(f"{path}: {child.tag} stands too late")
        last = max(last, place)
        check(child, child_kind, path, faults)
    for name, (_, meta, _, many) in known.items():
        # The two forms of SignersDocument are one list to these types.
        wanted = meta.get("required") or meta.get("min_occurs", 0) > 0
        if wanted and name not in seen and kind is not etsi.SignersDocumentType:
            faults.append(f"{path}: {name} is missing")
        if seen.get(name, 0) > 1 and not many:
            faults.append(f"{path}: {name} is there {seen[name]} times")
    if kind in FREE_ORDER and not seen:
        faults.append(f"{path}: empty")


def check_text(element, kind, path, faults):
    text = (element.text or "").strip()
    try:
        if kind is bytes:
            base64.b64decode(text, validate=True)
        elif kind is XmlDateTime:
            datetime.fromisoformat(text)
        elif kind is bool and text not in ("true", "false"):
            raise ValueError(text)
        elif isinstance(kind, type) and issubclass(kind, Enum):
            kind(text)
    except ValueError as error:
        faults.append(f"{path}: {error}")


def faults_of(xml):
    root = etree.fromstring(xml)
    faults = []
    if root.tag != f"{{{NAMESPACE}}}ValidationReport":
        return [f"{root.tag} is no report"]
    check(root, etsi.ValidationReport, "", faults)
    names = [element.get("id") for element in root.iter() if element.get("id")]
    if len(names) != len(set(names)):
        faults.append("an id is there twice")
    for element in root.iter():
        for name in element.get("VOReference", "").split():
            if name not in names:
                faults.append(f"{element.tag} refers to {name}, which is not there")
    return faults


def main():
    wrong = 0
    for file in sys.argv[1:]:
        for fault in faults_of(Path(file).read_bytes()):
            print(f"{file}: {fault}")
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
