/** JSONTestSuite (nst): what every parser must accept and refuse, and our answer where the standard leaves it open. */
import { expect, it } from 'vitest'
import { describeVectors, vectorBytes, vectorFiles } from '../testing/published-vectors.ts'
import { parseStrictJson } from './parse-strict-json.ts'

const FOLDER = 'json/test_parsing'

/** `y_` files that hold a number which is legal JSON and not an integer as a protocol object writes it. */
const NOT_INTEGERS = [
  'y_number',
  'y_number_0e+1',
  'y_number_0e1',
  'y_number_double_close_to_zero',
  'y_number_int_with_exp',
  'y_number_minus_zero',
  'y_number_negative_zero',
  'y_number_real_capital_e',
  'y_number_real_capital_e_neg_exp',
  'y_number_real_capital_e_pos_exp',
  'y_number_real_exponent',
  'y_number_real_fraction_exponent',
  'y_number_real_neg_exp',
  'y_number_real_pos_exponent',
  'y_number_simple_real',
  'y_object_extreme_numbers',
  'y_structure_lonely_negative_real',
]
const DUPLICATES = ['y_object_duplicated_key', 'y_object_duplicated_key_and_value']

/** [file, verdict as a protocol object, verdict as a payload]: pinned, so that every kernel gives the same. */
const OPEN = [
  ['i_number_double_huge_neg_exp', 'number_not_allowed', 'ok'],
  ['i_number_huge_exp', 'number_not_allowed', 'number_not_allowed'],
  ['i_number_neg_int_huge_exp', 'number_not_allowed', 'number_not_allowed'],
  ['i_number_pos_double_huge_exp', 'number_not_allowed', 'number_not_allowed'],
  ['i_number_real_neg_overflow', 'number_not_allowed', 'number_not_allowed'],
  ['i_number_real_pos_overflow', 'number_not_allowed', 'number_not_allowed'],
  ['i_number_real_underflow', 'number_not_allowed', 'ok'],
  ['i_number_too_big_neg_int', 'number_not_allowed', 'ok'],
  ['i_number_too_big_pos_int', 'number_not_allowed', 'ok'],
  ['i_number_very_big_negative_int', 'number_not_allowed', 'ok'],
  ['i_object_key_lone_2nd_surrogate', 'lone_surrogate', 'lone_surrogate'],
  ['i_string_1st_surrogate_but_2nd_missing', 'lone_surrogate', 'lone_surrogate'],
  ['i_string_1st_valid_surrogate_2nd_invalid', 'lone_surrogate', 'lone_surrogate'],
  ['i_string_UTF-16LE_with_BOM', 'not_utf8', 'not_utf8'],
  ['i_string_UTF-8_invalid_sequence', 'not_utf8', 'not_utf8'],
  ['i_string_UTF8_surrogate_U+D800', 'not_utf8', 'not_utf8'],
  ['i_string_incomplete_surrogate_and_escape_valid', 'lone_surrogate', 'lone_surrogate'],
  ['i_string_incomplete_surrogate_pair', 'lone_surrogate', 'lone_surrogate'],
  ['i_string_incomplete_surrogates_escape_valid', 'lone_surrogate', 'lone_surrogate'],
  ['i_string_invalid_lonely_surrogate', 'lone_surrogate', 'lone_surrogate'],
  ['i_string_invalid_surrogate', 'lone_surrogate', 'lone_surrogate'],
  ['i_string_invalid_utf-8', 'not_utf8', 'not_utf8'],
  ['i_string_inverted_surrogates_U+1D11E', 'lone_surrogate', 'lone_surrogate'],
  ['i_string_iso_latin_1', 'not_utf8', 'not_utf8'],
  ['i_string_lone_second_surrogate', 'lone_surrogate', 'lone_surrogate'],
  ['i_string_lone_utf8_continuation_byte', 'not_utf8', 'not_utf8'],
  ['i_string_not_in_unicode_range', 'not_utf8', 'not_utf8'],
  ['i_string_overlong_sequence_2_bytes', 'not_utf8', 'not_utf8'],
  ['i_string_overlong_sequence_6_bytes', 'not_utf8', 'not_utf8'],
  ['i_string_overlong_sequence_6_bytes_null', 'not_utf8', 'not_utf8'],
  ['i_string_truncated-utf-8', 'not_utf8', 'not_utf8'],
  ['i_string_utf16BE_no_BOM', 'not_utf8', 'not_utf8'],
  ['i_string_utf16LE_no_BOM', 'not_utf8', 'not_utf8'],
  ['i_structure_500_nested_arrays', 'too_deep', 'too_deep'],
  ['i_structure_UTF-8_BOM_empty_object', 'malformed', 'malformed'],
] as const

describeVectors('JSONTestSuite', () => {
  const names = vectorFiles(FOLDER).map((file) => file.slice(FOLDER.length + 1, -'.json'.length))
  const of = (kind: string) => names.filter((name) => name.startsWith(kind))
  const verdict = (name: string, profile: 'object' | 'payload') => {
    const parsed = parseStrictJson(vectorBytes(`${FOLDER}/${name}.json`), profile)
    return parsed.ok ? 'ok' : parsed.reason
  }

  it('accepts every y_ file as a payload, but for names given twice', () => {
    expect(of('y_')).toHaveLength(95)
    expect(of('y_').filter((name) => verdict(name, 'payload') !== 'ok')).toEqual(DUPLICATES)
  })

  it('accepts every y_ file as a protocol object, but for names given twice and numbers that are not integers', () => {
    const refused = of('y_').filter((name) => verdict(name, 'object') !== 'ok')
    expect(refused.sort()).toEqual([...NOT_INTEGERS, ...DUPLICATES].sort())
  })

  it('refuses every n_ file', () => {
    expect(of('n_')).toHaveLength(188)
    const accepted = of('n_').filter((name) => verdict(name, 'object') === 'ok' || verdict(name, 'payload') === 'ok')
    expect(accepted).toEqual([])
  })

  it('answers every i_ file as the table says', () => {
    expect(of('i_').map((name) => [name, verdict(name, 'object'), verdict(name, 'payload')])).toEqual(OPEN)
  })
})
