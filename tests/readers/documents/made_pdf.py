"""PDF files written byte by byte, for tests."""

from __future__ import annotations


def pdf(content: bytes, resources: str = "/Font << /F1 5 0 R >>", extra: str = "") -> bytes:
    """Return a one-page PDF with this content stream."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << {resources} >> >>".encode(),
        f"<< /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>\n"
        b"stream\n\x80\nendstream",
        b"<< /Filter /Standard /V 1 /R 2 /O (" + b"o" * 32 + b") /U (" + b"u" * 32 + b") /P -44 >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    return out + f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {extra} >>\nstartxref\n{start}\n%%EOF\n".encode()


def text_pdf(*lines: str) -> bytes:
    """Return a PDF that shows these lines, each at its place from the top."""
    shown = " ".join(f"1 0 0 1 50 {800 - 20 * at} Tm ({line}) Tj" for at, line in enumerate(lines))
    return pdf(f"BT /F1 12 Tf {shown} ET".encode())


def scanned_pdf() -> bytes:
    """Return a PDF whose page is an image."""
    return pdf(b"q 500 0 0 700 0 0 cm /I Do Q", "/XObject << /I 6 0 R >>")


def encrypted_pdf() -> bytes:
    """Return a PDF that asks for a password that nobody has."""
    return pdf(b"BT /F1 12 Tf (x) Tj ET", extra=f"/Encrypt 7 0 R /ID [<{'00' * 16}> <{'00' * 16}>]")
