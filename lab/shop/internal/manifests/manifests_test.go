// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/lab/shop/internal/manifests"
	"github.com/rerig/rerig/lab/shop/internal/token"
)

var update = flag.Bool("update", false, "update the golden files")

func printShop(t *testing.T, rate float64) (text string, key token.Key) {
	t.Helper()
	key, err := token.New()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s := manifests.Shop{Image: "docker.io/lab/shop:1", Revision: "1-29-1", Rate: rate, Key: key}
	if err := manifests.Print(&out, s); err != nil {
		t.Fatal(err)
	}
	return out.String(), key
}

func TestPrintGolden(t *testing.T) {
	got, key := printShop(t, 100)
	bearer, err := key.Token()
	if err != nil {
		t.Fatal(err)
	}
	secret := base64.StdEncoding.EncodeToString([]byte(bearer))
	got = strings.NewReplacer(key.KeySet(), "KEYSET", secret, "TOKEN").Replace(got)
	const file = "testdata/shop.golden.yaml"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestPrintWithoutRateOmitsLoad(t *testing.T) {
	text, _ := printShop(t, 0)
	for _, o := range objects(t, text) {
		if o.Metadata.Namespace == "load" || o.Metadata.Name == "load" {
			t.Errorf("got %s %s, want no load generator", o.Kind, o.Metadata.Name)
		}
	}
}

func objects(t *testing.T, text string) (all []object) {
	t.Helper()
	for doc := range strings.SplitSeq(text, "\n---\n") {
		var o object
		if err := yaml.UnmarshalStrict([]byte(doc), &o.raw); err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		again, err := json.Marshal(o.raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(again, &o); err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		all = append(all, o)
	}
	return all
}
