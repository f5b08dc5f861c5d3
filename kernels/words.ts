/** Words of programs and blocks: i32, numbered from an address. */
@inline export function word(at: usize, index: i32): i32 { return load<i32>(at + (<usize>index << 2)); }
@inline export function setWord(at: usize, index: i32, value: i32): void { store<i32>(at + (<usize>index << 2), value); }
