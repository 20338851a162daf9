"""Rules of the Russian electricity pack: ПП РФ 354 for households and apartment buildings."""
