/** The command line inside this process, with streams that only remember. */
import { Readable, Writable } from 'node:stream'
import { main } from '../main.ts'
import type { Stream } from '../print.ts'

export type CliRun = { exit: number; stdout: string; stderr: string }

export type RunCliInit = {
  home: string
  /** Of the environment. @default none */
  variables?: Readonly<Record<string, string>>
  stdin?: string
  /** Whether the streams say that they are a terminal. @default false */
  tty?: boolean
}

export async function runCli(
  argv: readonly string[],
  { home, variables = {}, stdin = '', tty = false }: RunCliInit,
): Promise<CliRun> {
  const [stdout, stderr] = [memoryStream(tty), memoryStream(tty)]
  const exit = await main(argv, { environment: { home, variables }, stdin: Readable.from([stdin]), stdout, stderr })
  return { exit, stdout: stdout.text(), stderr: stderr.text() }
}

export function memoryStream(isTTY: boolean): Stream & { text(): string } {
  const chunks: string[] = []
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  return Object.assign(stream, { isTTY, text: () => chunks.join('') })
}
