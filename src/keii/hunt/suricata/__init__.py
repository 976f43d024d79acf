"""Suricata and Snort rules over what sensors logged of names, requests, handshakes and connections."""
