// Keeps JavaScript's heap, and those of the threads, close to what lives in them. To be imported before the program is.
//
// Left alone, V8 lets garbage pile up as long as the machine has memory: a scan of a million accounts, whose pages take
// a few megabytes, grew to 400 MB. Now the nursery keeps its first size, and old garbage is collected when it is a third
// as large as what lives. V8 reads both whenever a collection ends (`SemiSpaceNewSpace::Grow`, `MemoryController`), so
// they can be set from within; `--max-semi-space-size` would have to stand on the command line.
import v8 from 'node:v8'

v8.setFlagsFromString('--semi-space-growth-factor=1')
v8.setFlagsFromString('--heap-growing-percent=30')
