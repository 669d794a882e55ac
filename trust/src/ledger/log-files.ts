/** The files of a log directory. */

/** Records of entries, numbered by sequence. */
export const ENTRIES = 'entries'
/** Records of every signed checkpoint, numbered by size of the tree. */
export const CHECKPOINTS = 'checkpoints'
/** The last signed checkpoint, a C2SP note. */
export const CHECKPOINT_FILE = 'checkpoint'
/** The last checkpoint that a quorum of witnesses cosigned: the same note with their lines. Absent without witnesses. */
export const COSIGNED_FILE = 'cosigned'
/** Zeros that are given up when the disk is full, so that the last entries fit. */
export const RESERVE_FILE = 'reserve'
