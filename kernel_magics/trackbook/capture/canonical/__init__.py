"""The canonical form of tables: what `trackbook.capture.fingerprint` hashes. Loaded when the first table is."""
