import { describe, expect, it } from 'vitest'
import { OpenQuestions } from './open-questions.ts'

describe('questions of a process that serves capabilities', () => {
  it('are found once', () => {
    const questions = new OpenQuestions()
    const name = questions.keep({ berth: 'K7' })
    expect(questions.take(name)).toEqual({ found: true, state: { berth: 'K7' } })
    expect(questions.take(name)).toEqual({ found: false, state: undefined })
  })

  it('are found when they kept nothing', () => {
    const questions = new OpenQuestions()
    expect(questions.take(questions.keep(undefined))).toEqual({ found: true, state: undefined })
  })

  it('are forgotten, the oldest first, so that they cost a bounded amount', () => {
    const questions = new OpenQuestions()
    const first = questions.keep(0)
    const names = Array.from({ length: 4_096 }, (_, n) => questions.keep(n + 1))
    expect(questions.take(first).found).toBe(false)
    expect(questions.take(names[0] ?? '').found).toBe(true)
  })
})
