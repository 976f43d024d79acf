"""The lake: event tables, their index, and the engines that read them."""
