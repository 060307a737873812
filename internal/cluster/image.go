// SPDX-License-Identifier: Apache-2.0

package cluster

import "strings"

// tagOf returns the tag of an image reference, "" when it has none: a digest
// names an image, but tells no version.
func tagOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name := image[strings.LastIndex(image, "/")+1:]
	_, tag, _ := strings.Cut(name, ":")
	return tag
}
