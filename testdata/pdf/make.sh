#!/bin/bash
# Makes the PDFs of this folder again. Needs LibreOffice, Ghostscript, poppler-utils,
# mupdf-tools, qpdf and DejaVu fonts, and a Python with reportlab and pikepdf ($PYTHON).
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

soffice "-env:UserInstallation=file://$work/profile" --headless \
    --convert-to pdf --outdir "$work" dispatch.fodt >/dev/null 2>&1
mv "$work/dispatch.pdf" libreoffice.pdf

gs -q -dNOPAUSE -dBATCH -sDEVICE=pdfwrite -sOutputFile=ghostscript.pdf libreoffice.pdf
pdftocairo -pdf libreoffice.pdf cairo.pdf
mutool clean -gggz libreoffice.pdf mupdf.pdf
qpdf --deterministic-id --object-streams=generate libreoffice.pdf qpdf-object-streams.pdf
qpdf --deterministic-id --linearize libreoffice.pdf qpdf-linearized.pdf
qpdf --deterministic-id --linearize --object-streams=generate libreoffice.pdf qpdf-linearized-object-streams.pdf
qpdf --encrypt '' owner 256 -- libreoffice.pdf qpdf-encrypted.pdf

"${PYTHON:-python3}" make.py
qpdf --encrypt user owner 256 --modify=form -- hybrid.pdf locked/qpdf-form-filling.pdf

for file in *.pdf; do
    qpdf --check "$file" >"$work/check" 2>&1 || { echo "$file:"; cat "$work/check"; }
done
ls -l -- *.pdf
