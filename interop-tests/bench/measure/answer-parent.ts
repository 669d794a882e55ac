/**
 * The child's end of a measured process: answers what the parent asks over the channel of `fork`, and ends when the
 * parent is gone, however that came about. Every child answers `cpu`; `profile` and `profiled` bracket a CPU profile.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { dirname } from 'node:path'

export type Question = { id: number; name: string; input: unknown }
export type Answer = { id: number; value: unknown } | { id: number; failure: string }

/** By name of the question. What an input is, only the two ends of it know. */
export type Answers = Record<string, (input: never) => unknown>

export function answerParent(answers: Answers): void {
  const all: Answers = { ...answers, cpu: cpuUs, ...profiling() }
  process.on('message', async (question: Question) => {
    try {
      const answer = all[question.name]
      if (answer === undefined) throw new Error(`nobody answers ${question.name}`)
      reply({ id: question.id, value: await answer(question.input as never) })
    } catch (error) {
      reply({ id: question.id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  process.on('disconnect', () => process.exit(0))
}

function reply(answer: Answer): void {
  process.send?.(answer)
}

/** User and system time of this process, all its threads, microseconds. */
function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function profiling(): Answers {
  const session = new Session()
  return {
    async profile() {
      session.connect()
      await session.post('Profiler.enable')
      await session.post('Profiler.start')
    },
    async profiled(path: string) {
      const { profile } = await session.post('Profiler.stop')
      session.disconnect()
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, JSON.stringify(profile))
    },
  }
}
