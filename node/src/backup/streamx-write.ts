/** The streams of `tar-stream`, as far as they are written to here. */
export interface StreamxSink {
  readonly destroyed: boolean
  write(bytes: Uint8Array): boolean
  once(event: 'drain' | 'close', run: () => void): unknown
  off(event: 'drain' | 'close', run: () => void): unknown
}

/** Writes, and waits while the stream has enough. Returns at once when it is destroyed: its reader says why. */
export async function writeTo(stream: StreamxSink, bytes: Uint8Array): Promise<void> {
  if (stream.destroyed || stream.write(bytes)) return
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.once('drain', done)
    stream.once('close', done)
  })
}
