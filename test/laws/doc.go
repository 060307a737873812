// SPDX-License-Identifier: Apache-2.0

// Package laws holds the house together: its tests say which room may import
// which, and how a file has to look. The linter says the same by .golangci.yml;
// these say it to everybody who runs go test.
package laws
