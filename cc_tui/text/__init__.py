"""Text made safe to show, and how figures, ages and signs are written. Pure; knows no Textual and no stores."""
