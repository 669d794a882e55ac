/** What the file system says of a path, where one that is not there is an answer and no failure. */

/** @returns undefined for `ENOENT` and `ENOTDIR`. @throws whatever else the promise rejects with */
export async function unlessAbsent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
