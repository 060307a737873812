// SPDX-License-Identifier: Apache-2.0

// Package report renders: worlds, plans, events and verdicts in, text and JSON
// out. It has no clients and reads no clock; what it needs to know about a
// terminal is a Paper.
package report
