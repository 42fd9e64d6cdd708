"""What was said: pocketsphinx in processes of its own, with a language model made of phrases."""
