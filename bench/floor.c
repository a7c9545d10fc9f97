// The floor of a sample's cost: what the positioned reads alone take in C.
// Usage: floor ROUNDS FILE... prints nanoseconds per round, all files read once.
// With FLOOR_INTERVAL=MILLISECONDS in the environment it sleeps so long before
// each round, and prints the median.

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 32 };

static char buffer[16384];

static double since(struct timespec start) {
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  return (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
}

static int ascending(const void *a, const void *b) {
  double first = *(const double *)a, second = *(const double *)b;
  return (first > second) - (first < second);
}

int main(int argc, char **argv) {
  long rounds = argc > 2 ? atol(argv[1]) : 0;
  int count = argc - 2;
  int files[MOST];
  const char *interval = getenv("FLOOR_INTERVAL");
  useconds_t sleep = interval ? atol(interval) * 1000 : 0;
  struct timespec start, round_start;
  double *times = NULL;

  if (rounds < 1 || count > MOST) {
    fprintf(stderr, "usage: floor ROUNDS FILE... (at most %d files)\n", MOST);
    return 2;
  }
  for (int i = 0; i < count; i++) {
    files[i] = open(argv[i + 2], O_RDONLY);
    if (files[i] < 0) {
      perror(argv[i + 2]);
      return 1;
    }
  }
  if (sleep && (times = malloc(rounds * sizeof *times)) == NULL) return 1;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (long round = 0; round < rounds; round++) {
    if (sleep) {
      usleep(sleep);
      clock_gettime(CLOCK_MONOTONIC, &round_start);
    }
    for (int i = 0; i < count; i++) {
      if (pread(files[i], buffer, sizeof buffer, 0) < 0) {
        perror(argv[i + 2]);
        return 1;
      }
    }
    if (sleep) times[round] = since(round_start);
  }
  if (sleep) {
    qsort(times, rounds, sizeof *times, ascending);
    printf("%.1f\n", times[rounds / 2]);
  } else {
    printf("%.1f\n", since(start) / rounds);
  }
  return 0;
}
