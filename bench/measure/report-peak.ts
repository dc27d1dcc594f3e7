/** Preloaded (`--import`) into a measured program: at its very end it writes its peak memory to file descriptor 3. */
import { writeSync } from 'node:fs'
import { peakMemory } from './peak-memory.ts'

process.on('exit', () => writeSync(3, String(peakMemory())))
