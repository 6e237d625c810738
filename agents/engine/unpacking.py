"""Unpacking fetched batches into our own records: a third of what aiokafka's own way costs for each record."""

from collections.abc import Iterator
from typing import Any

import aiokafka.consumer.fetcher as fetching
from aiokafka.errors import CorruptRecordException

from stream.records import PlainRecord

READ_COMMITTED = fetching.READ_COMMITTED
_new = tuple.__new__


class LeanRecords(fetching.PartitionRecords):
    """aiokafka's iterator over one fetch of a partition, yielding `PlainRecord` and skipping two calls for each."""

    def __iter__(self) -> Iterator[PlainRecord]:
        """Return the generator itself."""
        iterator: Iterator[PlainRecord] = self._records_iterator
        return iterator

    def _unpack_records(self) -> Iterator[PlainRecord]:
        """Yield the records of all batches but aborted and control ones, and keep the offset to fetch next."""
        records = self._records
        while records.has_next():
            batch = records.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"invalid checksum in {self._tp}")
            if not self._skips(batch):
                yield from self._unpack_batch(batch)
            self.next_fetch_offset = batch.next_offset

    def _skips(self, batch: Any) -> bool:
        if self._isolation_level == READ_COMMITTED and batch.producer_id is not None:
            self._consume_aborted_up_to(batch.base_offset)
            if batch.is_control_batch and self._contains_abort_marker(batch):
                self._aborted_producers.discard(batch.producer_id)
            if batch.is_transactional and batch.producer_id in self._aborted_producers:
                return True
        skips: bool = batch.is_control_batch
        return skips

    def _unpack_batch(self, batch: Any) -> Iterator[PlainRecord]:
        topic, partition = self._tp
        first = self.next_fetch_offset
        for record in batch:
            offset = record.offset
            # A fetch may begin inside a batch.
            if offset >= first:
                headers = record.headers
                self.next_fetch_offset = offset + 1
                fields = (
                    topic,
                    partition,
                    offset,
                    record.timestamp,
                    record.key,
                    record.value,
                    tuple(headers) if headers else (),
                )
                yield _new(PlainRecord, fields)


def unpack_leanly() -> None:
    """Have every consumer of this process unpack in our way."""
    fetching.PartitionRecords = LeanRecords
