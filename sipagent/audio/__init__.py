"""Sound as data: PCM frames, G.711, resampling, playout, tones, WAV. Pure, but for WAV files."""
