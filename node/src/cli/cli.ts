/**
 * What every command is made with: its options, its help, and the frame around its work, which turns whatever is thrown
 * into one message and an exit code.
 */
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { Command } from 'commander'
import { type Environment, HOME_VARIABLE } from '../config/env.ts'
import { exitCodes, exitCodesHelp } from './exit-codes.ts'
import { faultOf } from './faults.ts'
import { createPrint, type Print, type Stream } from './print.ts'

export type CliComponents = {
  environment: Environment
  stdin: Readable
  stdout: Stream
  stderr: Stream
}

/** What a command works with. `args` are those of its command line, in order; a variadic one is a list. */
export type Invocation<Options> = {
  home: string
  print: Print
  environment: Environment
  stdin: Readable
  /** For what speaks a protocol. Anything else goes through `print`. */
  stdout: Stream
  /** For what draws progress. Anything else goes through `print`. */
  stderr: Stream
  options: Options
  args: readonly unknown[]
}

/** @returns what the process exits with. @default 0 */
export type Work<Options> = (invocation: Invocation<Options>) => Promise<number | undefined>

export type CommandText = {
  summary: string
  /** @default the summary */
  description?: string
  /** Command lines, at least one. */
  examples: readonly string[]
}

export class Cli {
  /** What the process exits with, once the action has run. */
  exit: number = exitCodes.ok
  readonly #components: CliComponents

  constructor(components: CliComponents) {
    this.#components = components
  }

  /** A command that does something. */
  command(name: string, { summary, description = summary, examples }: CommandText): Command {
    const { environment } = this.#components
    return this.plain(name)
      .summary(summary)
      .description(description)
      .option('--home <dir>', `directory of the node (default: $${HOME_VARIABLE} or ~/.hansa)`, environment.home)
      .option('--json', 'print one JSON document instead of text')
      .addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ ${line}`).join('\n')}\n\n${exitCodesHelp}`)
      .configureHelp({ optionDescription: ({ description: text }) => text })
  }

  /** A command that only holds others. */
  group(name: string, summary: string, commands: readonly Command[]): Command {
    const group = this.plain(name).summary(summary).description(summary)
    for (const command of commands) group.addCommand(command)
    return group
  }

  plain(name: string): Command {
    const { stdout, stderr } = this.#components
    return new Command(name)
      .exitOverride()
      .helpCommand(false)
      .configureOutput({
        writeOut: (text) => void stdout.write(text),
        writeErr: (text) => void stderr.write(text),
        outputError: (text, write) => write(text.replace(/^error: /, 'hansa: ')),
      })
  }

  /** What commander calls; it never throws. */
  action<Options>(work: Work<Options & { home: string; json?: boolean }>): (...params: unknown[]) => Promise<void> {
    return async (...params) => {
      const command = params.at(-1) as Command
      const options = command.opts<Options & { home: string; json?: boolean }>()
      const { environment, stdin, stdout, stderr } = this.#components
      const print = createPrint({ json: options.json === true, stdout, stderr })
      try {
        const invocation = {
          home: resolve(options.home),
          print,
          environment,
          stdin,
          stdout,
          stderr,
          options,
          args: command.processedArgs,
        }
        this.exit = (await work(invocation)) ?? exitCodes.ok
      } catch (error) {
        const { fault, exit } = faultOf(error)
        print.fault(fault)
        this.exit = exit
      }
    }
  }
}
