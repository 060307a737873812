// SPDX-License-Identifier: Apache-2.0

package step

import "fmt"

// ToCommit describes what has to be committed for a step because another tool manages
// the object, "" where the run writes it.
func (s Step) ToCommit() string {
	if s.By == "" || s.Kind == Remove {
		return ""
	}
	return fmt.Sprintf("namespace %s is managed by %s: commit its labels %s there (now %s)", s.Subject, s.By, s.To, s.From)
}

// Commits describes what the first stage waits for somebody to commit, one text a step.
func Commits(left []Stage) []string {
	if len(left) == 0 {
		return nil
	}
	var list []string
	for _, s := range left[0].Steps {
		if text := s.ToCommit(); text != "" {
			list = append(list, text)
		}
	}
	return list
}
