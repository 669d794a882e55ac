import type { Predicate } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePredicate, predicateText } from './predicate-text.ts'

const parsed = (text: string) => {
  const reading = parsePredicate(text)
  return reading.ok ? reading.predicate : reading.reason
}

describe(parsePredicate, () => {
  it.each<[string, Predicate]>([
    ['tenant == "acme"', ['==', '.tenant', 'acme']],
    ['.tenant=="ac\\"me"', ['==', '.tenant', 'ac"me']],
    ['max_rows <= 50', ['<=', '.max_rows', 50]],
    ['invoice.amount > -3', ['>', '.invoice.amount', -3]],
    ['path like "public/*"', ['like', '.path', 'public/*']],
    ['status in ["open", 1, true, null]', ['in', '.status', ['open', 1, true, null]]],
    ['status in []', ['in', '.status', []]],
    ['draft != true', ['!=', '.draft', true]],
    ['not draft == true', ['not', ['==', '.draft', true]]],
    [
      'a == 1 or b == 2 and c == 3',
      [
        'or',
        [
          ['==', '.a', 1],
          [
            'and',
            [
              ['==', '.b', 2],
              ['==', '.c', 3],
            ],
          ],
        ],
      ],
    ],
    [
      '(a == 1 or b == 2) and c == 3',
      [
        'and',
        [
          [
            'or',
            [
              ['==', '.a', 1],
              ['==', '.b', 2],
            ],
          ],
          ['==', '.c', 3],
        ],
      ],
    ],
    [
      'not (a == 1 and b == 2)',
      [
        'not',
        [
          'and',
          [
            ['==', '.a', 1],
            ['==', '.b', 2],
          ],
        ],
      ],
    ],
    ['e-mail == "x"', ['==', '.e-mail', 'x']],
  ])('reads %s', (text, predicate) => {
    expect(parsed(text)).toEqual(predicate)
  })

  it.each<[string, string]>([
    ['', 'is missing'],
    ['tenant', 'an operator'],
    ['tenant =', 'cannot be read'],
    ['tenant = "acme"', 'cannot be read'],
    ['tenant == acme', 'is no value'],
    ["tenant == 'acme'", 'cannot be read'],
    ['max_rows <= "50"', 'whole number'],
    ['max_rows <= 1.5', '1.5 is no value'],
    ['max_rows ~ 5', 'cannot be read'],
    ['max_rows matches "x"', 'is no operator'],
    ['path like 5', 'text in double quotes'],
    ['a == 1 b == 2', 'too much'],
    ['(a == 1', ') is missing'],
    ['a in "x"', 'takes a list'],
    ['a in ["x"', 'missing'],
    ['"a" == 1', 'no name of an argument'],
    ['a == 99999999999999999999', 'no predicate'],
    [`${'('.repeat(40)}a == 1`, 'too deeply'],
    ['not not not not a == 1', 'no predicate'],
    ['a.b.c.d.e.f.g.h.i == 1', 'no predicate'],
  ])('says what is wrong with %s', (text, reason) => {
    expect(parsed(text)).toContain(reason)
  })

  it('reads what it writes', () => {
    const name = fc.oneof(fc.stringMatching(/^[A-Za-z0-9_-]{1,6}$/), fc.constantFrom('and', 'or', 'not', 'in', 'true'))
    const selector = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => `.${names.join('.')}`)
    const scalar = fc.oneof(fc.string({ maxLength: 8 }), fc.integer(), fc.boolean(), fc.constant(null))
    const leaf: fc.Arbitrary<Predicate> = fc.oneof(
      fc.tuple(fc.constantFrom('==' as const, '!=' as const), selector, scalar),
      fc.tuple(fc.constantFrom('<' as const, '>=' as const), selector, fc.integer()),
      fc.tuple(fc.constant('like' as const), selector, fc.string({ maxLength: 8 })),
      fc.tuple(fc.constant('in' as const), selector, fc.array(scalar, { maxLength: 3 })),
    )
    const joined = fc.tuple(
      fc.constantFrom('and' as const, 'or' as const),
      fc.array(leaf, { minLength: 2, maxLength: 3 }),
    )
    const predicate: fc.Arbitrary<Predicate> = fc.oneof(
      leaf,
      joined,
      fc.tuple(fc.constant('not' as const), fc.oneof(leaf, joined)),
      fc.tuple(
        fc.constantFrom('and' as const, 'or' as const),
        fc.array(fc.oneof(leaf, joined), { minLength: 2, maxLength: 3 }),
      ),
    )
    fc.assert(
      fc.property(predicate, (one) => {
        expect(parsed(predicateText(one))).toEqual(one)
      }),
    )
  })
})
