// SPDX-License-Identifier: Apache-2.0

package format

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/command"
)

func TestWidth(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{name: "ASCII", text: "shop-web/cart", want: 13},
		{name: "ellipsis", text: "shop…", want: 5},
		{name: "wide characters", text: "網格", want: 4},
		{name: "combining character", text: "e\u0301", want: 1},
		{name: "nothing", text: "", want: 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Width(c.text); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		name, text string
		columns    int
		want       string
	}{
		{name: "fits", text: "shop", columns: 4, want: "shop"},
		{name: "too long", text: "shop-web", columns: 5, want: "shop…"},
		{name: "wide character at the end", text: "網格網格", columns: 4, want: "網…"},
		{name: "no columns", text: "shop", columns: 0, want: ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Cut(c.text, c.columns); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		name       string
		width      int
		lead, text string
		want       []string
	}{
		{name: "file", lead: "! ", text: "a b c", want: []string{"! a b c"}},
		{name: "terminal", width: 30, lead: "Found  ", text: "the proxy refused what istiod sent",
			want: []string{"Found  the proxy refused what", "       istiod sent"}},
		{name: "command", width: 30, lead: "", text: "then run `rerig rollback to-1-31-0`, or wait",
			want: []string{"then run", "`rerig rollback to-1-31-0 --context east`,", "or wait"}},
		{name: "command in a file", lead: "", text: "then run `rerig status`", want: []string{"then run `rerig status --context east`"}},
		{name: "too narrow to wrap", width: 20, lead: "Found  ", text: "the proxy refused what istiod sent",
			want: []string{"Found  the proxy refused what istiod sent"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := (Style{Width: c.width, Commands: command.Flags{Context: "east"}}).Wrap(c.lead, c.text); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTableAlignsWideAndColouredCells(t *testing.T) {
	rows := [][]Cell{Header("NAME", "STATE"), {Good.Cell("網格"), {Text: "ready"}}, Row("a", "b")}
	got := Style{Color: true}.Table("  ", rows)
	for i := range got {
		got[i] = Unpainted(got[i])
	}
	if want := []string{"  NAME  STATE", "  網格  ready", "  a     b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Where a table does not fit, its cells are wrapped at spaces. Only a word that is too long is cut.
func TestTableFitsTheTerminal(t *testing.T) {
	rows := [][]Cell{
		Header("WORKLOAD", "PODS", "STATE"),
		Row("Deployment shop-web/web", "2/2", "waits for the clients of a parked pod"),
		Row("verify", "4 workloads, each of them by the wire"),
	}
	for _, c := range []struct {
		name  string
		width int
		rows  [][]Cell
		want  []string
	}{
		{name: "fits", width: 70, rows: rows, want: []string{
			"  WORKLOAD                 PODS  STATE",
			"  Deployment shop-web/web  2/2   waits for the clients of a parked pod",
			"  verify                   4 workloads, each of them by the wire"}},
		{name: "wrapped", width: 50, rows: rows, want: []string{
			"  WORKLOAD      PODS  STATE",
			"  Deployment    2/2   waits for the clients of a",
			"  shop-web/web        parked pod",
			"  verify        4 workloads, each of them by the",
			"                wire"}},
		{name: "cut", width: 30, rows: [][]Cell{Row("StatefulSet", "a-rather-long-name-of-a-pod", "ready")}, want: []string{
			"  Stateful…  a-rather-…  ready"}},
		{name: "a command is not cut", width: 34, rows: [][]Cell{Row("blocked", "run `rerig rollback to-1-31-0 --yes`")}, want: []string{
			"  blocked  run",
			"           `rerig rollback to-1-31-0 --yes`"}},
		{name: "too narrow", width: 20, rows: [][]Cell{Row("Deployment", "shop-web/web", "ready")}, want: []string{
			"  Deployment  shop-web/web  ready"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := (Style{Width: c.width}).Table("  ", c.rows); !slices.Equal(got, c.want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestPack(t *testing.T) {
	names := []string{"one", "two", "three", "four", "five"}
	for _, c := range []struct {
		name     string
		style    Style
		maxLines int
		shown    int
		want     string
	}{
		{name: "all", style: Style{Width: 14}, maxLines: 9, shown: 5, want: "  one, two,|  three, four,|  five"},
		{name: "cut", style: Style{Width: 14}, maxLines: 2, shown: 4, want: "  one, two,|  three, four,"},
		{name: "details", style: Style{Width: 14, Details: true}, maxLines: 2, shown: 5, want: "  one, two,|  three, four,|  five"},
		{name: "file", maxLines: 2, shown: 5, want: "  one, two, three, four, five"},
	} {
		t.Run(c.name, func(t *testing.T) {
			shown, lines := c.style.Pack("  ", names, c.maxLines)
			if got := strings.Join(lines, "|"); got != c.want || shown != c.shown {
				t.Errorf("got %d names in %q, want %d in %q", shown, got, c.shown, c.want)
			}
		})
	}
}

func TestPhrases(t *testing.T) {
	for _, c := range []struct{ name, got, want string }{
		{name: "one", got: Count(1, "pod"), want: "1 pod"},
		{name: "many", got: Count(3, "pod"), want: "3 pods"},
		{name: "many proxies", got: Count(2, "proxy"), want: "2 proxies"},
		{name: "short list", got: List([]string{"a", "b"}, 2), want: "a, b"},
		{name: "long list", got: List([]string{"a", "b", "c"}, 1), want: "a and 2 more"},
		{name: "seconds", got: Duration(7 * time.Second), want: "7s"},
		{name: "minutes", got: Duration(10 * time.Minute), want: "10m"},
		{name: "minutes and seconds", got: Duration(65 * time.Second), want: "1m05s"},
		{name: "hours", got: Duration(2 * time.Hour), want: "2h"},
		{name: "hours and minutes", got: Duration(2*time.Hour + 3*time.Minute), want: "2h03m"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("got %q, want %q", c.got, c.want)
			}
		})
	}
}
