"""Russia: electricity of households and apartment buildings by ПП РФ 354."""

VERSION = "2026.11"
