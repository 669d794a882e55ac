import type { Print, Stream } from './print.ts'

export interface Progress {
  show(text: string): void
  stop(): void
}

/** A line that is drawn over itself on standard error, when a person watches it; else nothing. */
export async function progress(print: Print, stream: Stream, text: string): Promise<Progress> {
  if (!print.watched) return { show() {}, stop() {} }
  const { default: ora } = await import('ora')
  const spinner = ora({ text, stream, discardStdin: false }).start()
  return {
    show(now) {
      spinner.text = now
    },
    stop() {
      spinner.stop()
    },
  }
}
