"""The PDFs that Python makes: reportlab's, pikepdf's and two laid out by hand."""

import zlib

import pikepdf
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

TEXT = [
    "ỦY BAN NHÂN DÂN TỈNH THỬ NGHIỆM",
    "Số: 01/TEST-UBND",
    "Văn bản này do dự án tạo ra để kiểm thử chữ ký số; không có giá trị pháp lý.",
]


def reportlab(name, form=False):
    canvas = Canvas(name, pagesize=A4, invariant=1)
    canvas.setTitle("Công văn thử nghiệm")
    for page in range(1, 3):
        canvas.setFont("DejaVu", 11)
        for row, line in enumerate(TEXT):
            canvas.drawString(60, 780 - 20 * row, line)
        canvas.drawString(60, 40, f"Trang {page}")
        if form and page == 1:
            canvas.acroForm.textfield(name="noi_nhan", x=60, y=600, width=200, height=20)
            canvas.acroForm.checkbox(name="hoa_toc", x=60, y=560, checked=True)
        canvas.showPage()
    canvas.save()


def pikepdf_revisions():
    """Two revisions: the second replaces the document information."""
    with pikepdf.open("reportlab.pdf") as pdf:
        pdf.docinfo["/Subject"] = "pikepdf"
        pdf.save("pikepdf.pdf", object_stream_mode=pikepdf.ObjectStreamMode.generate,
                 deterministic_id=True)
    base = open("reportlab.pdf", "rb").read()
    with pikepdf.open("reportlab.pdf") as pdf:
        info, root, size = (pdf.trailer.Info.objgen[0], pdf.trailer.Root.objgen[0],
                            int(pdf.trailer.Size))
    previous = int(base.split(b"startxref")[-1].split()[0])
    at = len(base)
    added = b"%d 0 obj\n<< /Title (Second revision) >>\nendobj\n" % info
    table = b"xref\n%d 1\n%010d 00000 n \n" % (info, at)
    trailer = b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /Prev %d >>\n" % (
        size, root, info, previous)
    with open("two-revisions.pdf", "wb") as out:
        out.write(base + added + table + trailer
                  + b"startxref\n%d\n%%%%EOF\n" % (at + len(added)))


def hybrid():
    """ISO 32000-1 7.5.8.4: a table for old readers, XRefStm with what they shall not see."""
    content = b"BT /F1 12 Tf 60 780 Td (Cong van thu nghiem: hybrid) Tj ET"
    plain = {
        1: b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences 6 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
           b" /Resources << /Font << /F1 5 0 R >> >> >>",
        4: b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    hidden = b"<< /DisplayDocTitle true >>"
    packed = zlib.compress(b"6 0 " + hidden)
    plain[7] = (b"<< /Type /ObjStm /N 1 /First 4 /Length %d /Filter /FlateDecode >>\n"
                b"stream\n%s\nendstream" % (len(packed), packed))
    out = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"
    offsets = {}
    for number, body in plain.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    stream_at = len(out)
    entries = (bytes([2, 0, 7, 0])  # object 6 is the first in stream 7
               + bytes([1]) + offsets[7].to_bytes(2, "big") + bytes([0])
               + bytes([1]) + stream_at.to_bytes(2, "big") + bytes([0]))
    out += (b"8 0 obj\n<< /Type /XRef /Size 9 /W [1 2 1] /Index [6 3] /Root 1 0 R"
            b" /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (len(entries), entries))
    table_at = len(out)
    out += b"xref\n0 9\n0000000006 65535 f \n"
    for number in range(1, 9):
        free = {6: 7, 7: 8, 8: 0}.get(number)
        out += (b"%010d 00000 n \n" % offsets[number] if free is None
                else b"%010d 00000 f \n" % free)
    out += (b"trailer\n<< /Size 9 /Root 1 0 R /XRefStm %d >>\nstartxref\n%d\n%%%%EOF\n"
            % (stream_at, table_at))
    with open("hybrid.pdf", "wb") as file:
        file.write(out)


def junk_prefix():
    """Bytes before the header, as mail gateways leave them: offsets count from `%PDF`."""
    with open("junk-prefix.pdf", "wb") as out:
        out.write(b"X-Gateway: scanned\r\n\r\n" + open("reportlab.pdf", "rb").read())


pdfmetrics.registerFont(TTFont("DejaVu", "DejaVuSerif.ttf"))
reportlab("reportlab.pdf")
reportlab("reportlab-form.pdf", form=True)
pikepdf_revisions()
hybrid()
junk_prefix()
