// A management library for tests, to be opened by name. It does what `<its own path>.script` says; each line is one of
//
//   devices 2                        how many there are
//   processes 1 1234:70000 1235:600  who has how many MiB of device 1
//   busy 0 93                        the utilisation of device 0, in percent
//   reasons 1 0x48                   why device 1 is slow
//   uncorrected 0 2                  memory errors of device 0
//   hang 1                           calls for device 1 never return
//   broken                           the driver is not loaded
//
// and is read at every call. Without a script there are two devices, the second one slowed by heat; it does not tell its
// power limit, and has no counters to sample.
