/** Adapter: what the program of a thread does with its questions, one after the other. */
import { parentPort } from 'node:worker_threads'
import type { ThreadAnswer, ThreadQuestion } from './asked-thread.ts'

/** `moved`: buffers that are not needed in the thread any more. */
export type Answered<Answer> = { answer: Answer; moved?: readonly ArrayBuffer[] }

/** @param answer what it throws ends the thread */
export function answerQuestions<Question, Answer>(answer: (question: Question) => Promise<Answered<Answer>>): void {
  let last = Promise.resolve()
  parentPort?.on('message', ({ id, question }: ThreadQuestion) => {
    last = last.then(async () => {
      const answered = await answer(question as Question)
      parentPort?.postMessage({ id, answer: answered.answer } satisfies ThreadAnswer, [...(answered.moved ?? [])])
    })
  })
}
