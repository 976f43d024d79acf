"""Extract: claims from the text of public documents."""
