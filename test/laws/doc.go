// SPDX-License-Identifier: Apache-2.0

// Package laws has the tests of the repository's own rules: which package may
// import which, the form of files, retired words, and what the pages link to
// and name. .golangci.yml repeats the import rules for the linter.
package laws
