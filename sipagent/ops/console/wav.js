// WAV files of the box: 16-bit PCM, one header of 44 bytes, caller left and agent right.

const HEADER_BYTES = 44;
const SLICE_FRAMES = 1 << 20; // of a long recording only so much is unpacked at a time
const LOUDEST = 32768;

/** Return the peaks of both sides, each in `count` numbers from 0 to 1, and the length; null: it is none of ours. */
export async function peaksOf(blob, count) {
  if (blob.size <= HEADER_BYTES) return null;
  const header = new DataView(await blob.slice(0, HEADER_BYTES).arrayBuffer());
  const [channels, rateHz, bits] = [header.getUint16(22, true), header.getUint32(24, true), header.getUint16(34, true)];
  if (header.getUint32(0) !== 0x52494646 || channels !== 2 || bits !== 16 || rateHz === 0) return null; // "RIFF"
  const frames = Math.floor((blob.size - HEADER_BYTES) / 4);
  const sides = [new Float32Array(count), new Float32Array(count)];
  for (let first = 0; first < frames; first += SLICE_FRAMES) {
    const last = Math.min(frames, first + SLICE_FRAMES);
    const samples = new Int16Array(await blob.slice(HEADER_BYTES + 4 * first, HEADER_BYTES + 4 * last).arrayBuffer());
    for (let frame = first; frame < last; frame += 1) {
      const column = Math.floor((frame * count) / frames);
      for (const side of [0, 1]) {
        const loud = Math.abs(samples[2 * (frame - first) + side]) / LOUDEST;
        if (loud > sides[side][column]) sides[side][column] = loud;
      }
    }
  }
  return { sides, lengthMs: (frames / rateHz) * 1000 };
}
